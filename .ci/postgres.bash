# A throw-away Postgres for scripts: sourced, never run. Trust is safe here because nothing listens but a socket in a 0700 folder.

die() {
  printf '%s: %s\n' "${0##*/}" "$*" >&2
  exit 1
}

# The newest Postgres on the machine: the folder that holds its programs.
postgres_bin() {
  local candidate
  for candidate in \
    "${DRAXIS_POSTGRES_BINARIES:-}" \
    $(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -rV) \
    "$(pg_config --bindir 2>/dev/null || true)" \
    /opt/homebrew/opt/postgresql*/bin /usr/local/opt/postgresql*/bin \
    /Applications/Postgres.app/Contents/Versions/latest/bin; do
    if [ -n "$candidate" ] && [ -x "$candidate/initdb" ] && [ -x "$candidate/postgres" ]; then
      printf '%s\n' "$candidate"
      return
    fi
  done
  die "no Postgres found: apt-get install postgresql, or brew install postgresql (or set DRAXIS_POSTGRES_BINARIES)"
}

# Postgres refuses to run as root, and initdb wants a user that the passwd file knows.
postgres_user() {
  if [ "$(id -u)" -ne 0 ]; then
    id -un
  elif id postgres >/dev/null 2>&1; then
    echo postgres
  else
    echo nobody
  fi
}

as_postgres() {
  local user
  user=$(postgres_user)
  if [ "$(id -un)" = "$user" ]; then
    env LC_ALL=C.UTF-8 "$@"
  elif command -v setpriv >/dev/null; then
    setpriv --reuid="$user" --regid="$(id -g "$user")" --init-groups env LC_ALL=C.UTF-8 "$@"
  else
    runuser -u "$user" -- env LC_ALL=C.UTF-8 "$@"
  fi
}

# start_cluster DIR: makes DIR/data once and runs a server whose socket is DIR itself.
# fsync is off: what is kept here can be made again from the migrations.
start_cluster() {
  local dir=$1 bin
  bin=$(postgres_bin)
  if [ ! -s "$dir/data/PG_VERSION" ]; then
    as_postgres rm -rf "$dir/data"
    as_postgres "$bin/initdb" --pgdata="$dir/data" --username=draxis_bootstrap --auth=trust \
      --encoding=UTF8 --locale=C.UTF-8 --no-sync >"$dir/initdb.log" || die "initdb failed, see $dir/initdb.log"
  fi
  if as_postgres "$bin/pg_ctl" --pgdata="$dir/data" status >/dev/null; then
    return
  fi
  as_postgres "$bin/pg_ctl" --pgdata="$dir/data" --log="$dir/data/server.log" --wait --silent start \
    -o "-k $dir -p 5432 -c listen_addresses= -c fsync=off" || die "Postgres did not start, see $dir/data/server.log"
}

stop_cluster() {
  as_postgres "$(postgres_bin)/pg_ctl" --pgdata="$1/data" --mode=fast --wait --silent stop || true
}

# sql DIR USER DATABASE [psql arguments]
sql() {
  local dir=$1 user=$2 database=$3
  shift 3
  PGOPTIONS=--client-min-messages=warning "$(postgres_bin)/psql" --no-psqlrc --quiet --set=ON_ERROR_STOP=1 \
    --host="$dir" --port=5432 --username="$user" --dbname="$database" "$@"
}

# The owner is what a managed Postgres would hand out: it may create roles and databases, and nothing passes it by.
create_database() {
  local dir=$1 database=$2
  sql "$dir" draxis_bootstrap postgres <<'SQL'
DO $$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'draxis_owner') THEN
    CREATE ROLE draxis_owner LOGIN NOSUPERUSER CREATEROLE CREATEDB;
  END IF;
END $$;
SQL
  sql "$dir" draxis_owner postgres --command="CREATE DATABASE $database OWNER draxis_owner"
}

# apply_migrations DIR DATABASE FOLDER: each file in a transaction of its own, in the order of their names,
# unless its first line says `-- no-transaction`, as sqlx's migrator has it.
apply_migrations() {
  local dir=$1 database=$2 file
  for file in "$3"/*.sql; do
    [ -e "$file" ] || continue
    if [[ "$(head -n 1 "$file")" == "-- no-transaction"* ]]; then
      sql "$dir" draxis_owner "$database" --file="$file" || die "$file failed"
    else
      sql "$dir" draxis_owner "$database" --single-transaction --file="$file" || die "$file failed"
    fi
  done
}

database_url() {
  printf 'postgres://draxis_owner@localhost:5432/%s?host=%s\n' "$2" "$1"
}

# A folder of mode 0700 that the server's user owns.
make_private() {
  local user
  user=$(postgres_user)
  [ -d "$1" ] || mkdir -m 0700 "$1" || die "cannot make $1"
  [ ! -L "$1" ] || die "$1 is a link: remove it"
  [ "$(id -un)" = "$user" ] || chown "$user" "$1"
  [ "$(find "$1" -maxdepth 0 -user "$user" -perm 0700)" = "$1" ] || die "$1 is not private to $user: remove it"
}
