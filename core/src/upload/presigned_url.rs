//! What a presigned URL says of itself. For everything else it is opaque.

/// The longest life that S3 signs for; what says more is not believed.
const LONGEST_LIFE: u64 = 7 * 86_400;

/// For how many seconds a presigned URL is good from its making on (`X-Amz-Expires`), if it says so.
pub fn lifetime(url: &str) -> Option<u64> {
    let (_, query) = url.split_once('?')?;
    let query = query.split_once('#').map_or(query, |(query, _)| query);
    let value = query.split('&').find_map(|field| field.strip_prefix("X-Amz-Expires="))?;
    value.parse().ok().filter(|seconds| (1..=LONGEST_LIFE).contains(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_life_is_read_from_the_query() {
        assert_eq!(lifetime("https://a/b?X-Amz-Date=20261130T000000Z&X-Amz-Expires=86400&x=1"), Some(86_400));
        assert_eq!(lifetime("https://a/X-Amz-Expires=5?X-Amz-Signature=X-Amz-Expires=6"), None);
        for odd in [
            "https://a/b",
            "https://a/?X-Amz-Expires=",
            "https://a/?X-Amz-Expires=0",
            "https://a/?X-Amz-Expires=-5",
        ] {
            assert_eq!(lifetime(odd), None);
        }
        assert_eq!(lifetime("https://a/?X-Amz-Expires=99999999999999999999"), None);
        assert_eq!(lifetime("https://a/?X-Amz-Expires=604801"), None);
    }
}
