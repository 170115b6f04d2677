"use strict";
(() => {
  const id = location.pathname.split("/").filter(Boolean).pop() || "";
  const address = `/api/approvals/${encodeURIComponent(id)}`;
  const at = (name) => document.getElementById(name);
  const words = {
    open: "It waits for a decision.", approved: "It was approved.", rejected: "It was rejected.",
    timed_out: "The time ran out, and nobody had decided.", withdrawn: "Nobody needs to decide this any more.",
    tenant_admin: "every tenant administrator", tenant_user: "every user of the tenant",
    master_admin: "every administrator of the organization", superadmin: "every superadmin", auditor: "every auditor",
    reject: "it counts as rejected", approve: "it counts as approved", fail: "the run stops there",
  };
  let token = "", challenge = "", shown = null;

  const say = (text, kind) => {
    at("said").textContent = text;
    at("said").className = `said ${kind || ""}`;
    at("said").hidden = !text;
  };
  const ask = async (method, path, body) => {
    const headers = {};
    if (token) headers.Authorization = `Bearer ${token}`;
    if (body) headers["Content-Type"] = "application/json";
    const answer = await fetch(path, { method, headers, body: body && JSON.stringify(body), cache: "no-store" });
    const told = await answer.json().catch(() => ({}));
    return { ok: answer.ok, status: answer.status, told, code: String(told.type || "").replace("urn:draxis:problem:", "") };
  };
  const time = (text) => new Date(text).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
  const facts = (pairs) => at("facts").replaceChildren(...pairs.filter(([, says]) => says).flatMap(([what, says]) => {
    const [term, meaning] = [document.createElement("dt"), document.createElement("dd")];
    [term.textContent, meaning.textContent] = [what, says];
    return [term, meaning];
  }));
  const named = (who) => who.people.map((person) => person.name).concat(who.roles.map((role) => words[role] || role)).join(", ");
  const voted = (vote) =>
    `${vote.by.name} ${vote.decision} it on ${time(vote.at)}${vote.comment ? `: ${vote.comment}` : ""}`;

  const show = (approval) => {
    shown = approval;
    at("sign-in").hidden = true;
    at("approval").hidden = false;
    document.title = `Decision: ${approval.workflowName}`;
    at("workflow").textContent = approval.workflowName;
    at("question").textContent = approval.question;
    at("plan").replaceChildren(...approval.plan.map((line) => {
      const item = document.createElement("li");
      item.textContent = line;
      return item;
    }));
    facts([
      ["Asked", time(approval.askedAt) + (approval.requester ? `, started by ${approval.requester.name}` : "")],
      ["Due", `${time(approval.dueAt)}; without an answer ${words[approval.onTimeout]}`],
      ["Asked of", named(approval.approvers)],
      ["Needed", `${approval.required === 1 ? "one approval" : `${approval.required} approvals`}`
        + (approval.veto ? "; one rejection is enough to stop it" : "")],
      ["Handed over", approval.delegations.map((it) => `${it.from.name} to ${it.to.name}`).join("\n")],
      ["Votes", approval.votes.map(voted).join("\n")],
    ]);
    at("digest").textContent = approval.digest;
    at("decision").hidden = !approval.waitsForMe;
    const [end, mine] = [approval.state !== "open", approval.waitsForMe];
    say(mine ? "" : `${words[approval.state]}${end ? "" : " It does not wait for you."}`,
      approval.state === "approved" ? "good" : "");
  };

  /* The account's widest token may be for another tenant: those it is a member of are looked through, one after the other. */
  const find = async () => {
    const own = token;
    const first = await ask("GET", address);
    if (first.ok) return show(first.told);
    const me = await ask("GET", "/api/auth/me");
    const tenants = ((me.told.grants || []).map((grant) => grant.tenantId)).filter((tenant) => tenant && tenant !== me.told.tenantId);
    let refused = first;
    for (const tenantId of tenants) {
      token = own;
      const taken = await ask("POST", "/api/auth/tenant", { tenantId, reason: `to decide on approval ${id}` });
      if (!taken.ok) { refused = taken; continue; }
      token = taken.told.accessToken;
      const found = await ask("GET", address);
      if (found.ok) return show(found.told);
    }
    token = "";
    at("second-factor").hidden = true;
    at("credentials").hidden = false;
    const missing = "There is no such decision, or none that you may see.";
    say([404, 403].includes(refused.status) && !refused.code.startsWith("mfa_") ? missing : refused.told.detail, "bad");
  };

  const signedIn = async (answer) => {
    if (answer.code === "mfa_required") {
      challenge = answer.told.challenge;
      at("credentials").hidden = true;
      at("second-factor").hidden = false;
      at("code").focus();
      return say("");
    }
    if (!answer.ok) return say(answer.told.detail || "That did not work; try again.", "bad");
    at("password").value = at("code").value = "";
    token = answer.told.accessToken;
    if (answer.told.mfaEnrollmentRequired) {
      return say("A second factor is required of you: enroll one first, then open this page again.", "bad");
    }
    say("");
    await find();
  };

  /* One thing at a time: a second click while the first is under way does nothing. */
  let busy = false;
  const once = (work) => async (event) => {
    event.preventDefault();
    if (busy) return;
    busy = true;
    try { await work(); } catch { say("Draxis cannot be reached; try again.", "bad"); } finally { busy = false; }
  };
  const vote = (decision) => once(async () => {
    const comment = at("comment").value.trim();
    if (decision === "rejected" && !comment) {
      at("comment").focus();
      return say("Say in the comment why it is rejected.", "bad");
    }
    const body = { decision, digest: shown.digest };
    if (comment) body.comment = comment;
    const answer = await ask("POST", `${address}/vote`, body);
    if (answer.status === 401) {
      token = "";
      at("approval").hidden = true;
      at("sign-in").hidden = at("credentials").hidden = false;
      at("second-factor").hidden = true;
      return say("You were signed out meanwhile; sign in again.", "bad");
    }
    const again = await ask("GET", address);
    if (again.ok) show(again.told);
    if (!answer.ok) return say(answer.told.detail || "That did not work; try again.", "bad");
    at("decision").hidden = true;
    say(`Your vote was kept. ${words[answer.told.state]}`, "good");
  });

  at("credentials").addEventListener("submit", once(async () => {
    token = "";
    await signedIn(await ask("POST", "/api/auth/login", { email: at("email").value, password: at("password").value }));
  }));
  at("second-factor").addEventListener("submit", once(async () => {
    const code = at("code").value.trim();
    const shownAs = /^[0-9 ]+$/.test(code) ? { code: code.replaceAll(" ", "") } : { recoveryCode: code };
    await signedIn(await ask("POST", "/api/auth/mfa/verify", { challenge, ...shownAs }));
  }));
  at("decision").addEventListener("submit", (event) => event.preventDefault());
  at("approve").addEventListener("click", vote("approved"));
  at("reject").addEventListener("click", vote("rejected"));
})();
