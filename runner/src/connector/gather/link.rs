//! The `Link` header's next page (RFC 8288).

use crate::connector::fetch::FetchedResponse;

/// The target of the first link whose relation is `next`, over all `Link` headers.
pub(super) fn next(answer: &FetchedResponse) -> Option<String> {
    let links = answer.headers.iter().filter(|(name, _)| name == "link");
    links.flat_map(|(_, value)| each_link(value)).find(|(_, rest)| is_next(rest)).map(|(target, _)| target)
}

/// Targets with their parameters; a comma within the brackets belongs to the URL.
fn each_link(value: &str) -> Vec<(String, String)> {
    let pieces = value.split('<').skip(1).filter_map(|piece| piece.split_once('>'));
    pieces.map(|(target, rest)| (target.to_owned(), rest.to_owned())).collect()
}

fn is_next(parameters: &str) -> bool {
    parameters.split(';').any(|parameter| {
        let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        let relations = value.trim().trim_end_matches(',').trim().trim_matches('"');
        name.trim().eq_ignore_ascii_case("rel")
            && relations.split(' ').any(|r| r.eq_ignore_ascii_case("next"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: &[&str]) -> Option<String> {
        let headers = values.iter().map(|v| ("link".to_owned(), (*v).to_owned())).collect();
        next(&FetchedResponse { status: 200, headers, body: bytes::Bytes::new() })
    }

    #[test]
    fn the_next_link_is_found_however_it_is_written() {
        let next = Some("https://a.example/u?after=1,2".to_owned());
        assert_eq!(
            of(&["<https://a.example/u>; rel=\"self\"", "<https://a.example/u?after=1,2>; rel=\"next\""]),
            next
        );
        assert_eq!(
            of(&["<https://a.example/u>; rel=\"prev\", <https://a.example/u?after=1,2>; rel=\"next\""]),
            next
        );
        assert_eq!(
            of(&["<https://a.example/u?after=1,2>;title=x;rel=next, <https://a.example/u>; rel=last"]),
            next
        );
        assert_eq!(of(&["<https://a.example/u?after=1,2>; rel=\"last next\""]), next);
        assert_eq!(of(&["<https://a.example/u?page=next>; rel=\"prev\""]), None);
        assert_eq!(of(&[]), None);
    }
}
