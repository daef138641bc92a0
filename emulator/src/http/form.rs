//! Request bodies of the auth endpoints: the service documents both `multipart/form-data` and
//! `application/x-www-form-urlencoded`.

use bytes::Bytes;

/// More fields than any client has reason to send.
const MOST_FIELDS: usize = 64;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    UrlEncoded,
    Multipart,
}

#[derive(Debug, PartialEq, Eq)]
pub struct Form {
    pub encoding: Encoding,
    pub fields: Vec<(String, String)>,
}

#[derive(Debug, PartialEq, Eq)]
pub enum FormError {
    UnknownContentType,
    Malformed,
}

/// A field came twice, which RFC 6749 section 3.2 forbids.
#[derive(Debug, PartialEq, Eq)]
pub struct Repeated;

impl Form {
    /// The field's value; an empty one counts as absent (RFC 6749 section 3.2).
    pub fn get(&self, name: &str) -> Result<Option<&str>, Repeated> {
        let mut found =
            self.fields.iter().filter(|(field, _)| field == name).map(|(_, value)| value.as_str());
        let first = found.next();
        if found.next().is_some() {
            return Err(Repeated);
        }
        Ok(first.filter(|value| !value.is_empty()))
    }
}

pub async fn decode(content_type: Option<&str>, body: &Bytes) -> Result<Form, FormError> {
    let content_type = content_type.unwrap_or_default();
    match encoding(content_type.split(';').next().unwrap_or_default().trim()) {
        Some(Encoding::UrlEncoded) => url_encoded(body),
        Some(Encoding::Multipart) => multipart(content_type, body).await,
        None => Err(FormError::UnknownContentType),
    }
}

pub fn encoding(media_type: &str) -> Option<Encoding> {
    if media_type.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        Some(Encoding::UrlEncoded)
    } else if media_type.eq_ignore_ascii_case("multipart/form-data") {
        Some(Encoding::Multipart)
    } else {
        None
    }
}

pub fn url_encoded(body: &[u8]) -> Result<Form, FormError> {
    let fields: Vec<_> = form_urlencoded::parse(body).into_owned().take(MOST_FIELDS + 1).collect();
    if fields.len() > MOST_FIELDS {
        return Err(FormError::Malformed);
    }
    Ok(Form { encoding: Encoding::UrlEncoded, fields })
}

async fn multipart(content_type: &str, body: &Bytes) -> Result<Form, FormError> {
    let boundary = multer::parse_boundary(content_type).map_err(|_| FormError::Malformed)?;
    let body = body.clone();
    let stream = futures_util::stream::once(async move { Ok::<_, std::convert::Infallible>(body) });
    let mut parts = multer::Multipart::new(stream, boundary);
    let mut fields = Vec::new();
    while let Some(part) = parts.next_field().await.map_err(|_| FormError::Malformed)? {
        if fields.len() == MOST_FIELDS {
            return Err(FormError::Malformed);
        }
        let name = part.name().ok_or(FormError::Malformed)?.to_owned();
        let value = part.bytes().await.map_err(|_| FormError::Malformed)?;
        let value = std::str::from_utf8(&value).map_err(|_| FormError::Malformed)?;
        fields.push((name, value.to_owned()));
    }
    Ok(Form { encoding: Encoding::Multipart, fields })
}

#[cfg(test)]
mod tests {
    use super::*;

    const MULTIPART: &str = "multipart/form-data; boundary=XX";

    fn decode_now(content_type: Option<&str>, body: &'static str) -> Result<Form, FormError> {
        let body = Bytes::from_static(body.as_bytes());
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        runtime.block_on(decode(content_type, &body))
    }

    #[test]
    fn url_encoded_fields() {
        let form = decode_now(
            Some("Application/X-WWW-Form-Urlencoded; charset=utf-8"),
            "scope=asset_create%20offline&client_id=a+b&empty=",
        )
        .expect("a form");
        assert_eq!(form.encoding, Encoding::UrlEncoded);
        assert_eq!(form.get("scope"), Ok(Some("asset_create offline")));
        assert_eq!(form.get("client_id"), Ok(Some("a b")));
        assert_eq!(form.get("empty"), Ok(None));
        assert_eq!(form.get("absent"), Ok(None));
    }

    #[test]
    fn multipart_fields() {
        let body = "--XX\r\nContent-Disposition: form-data; name=\"client_id\"\r\n\r\nCAM 1\r\n\
                    --XX\r\nContent-Disposition: form-data; name=\"scope\"\r\n\r\nasset_create\r\n--XX--\r\n";
        let form = decode_now(Some(MULTIPART), body).expect("a form");
        assert_eq!(form.encoding, Encoding::Multipart);
        assert_eq!(form.get("client_id"), Ok(Some("CAM 1")));
        assert_eq!(form.get("scope"), Ok(Some("asset_create")));
    }

    #[test]
    fn a_repeated_field_is_refused() {
        let form = url_encoded(b"a=1&a=1").expect("a form");
        assert_eq!(form.get("a"), Err(Repeated));
    }

    #[test]
    fn what_is_not_a_form() {
        assert_eq!(decode_now(Some("application/json"), "{}"), Err(FormError::UnknownContentType));
        assert_eq!(decode_now(None, "a=1"), Err(FormError::UnknownContentType));
        assert_eq!(decode_now(Some("multipart/form-data"), "--XX"), Err(FormError::Malformed));
        assert_eq!(decode_now(Some(MULTIPART), "--XX\r\nnonsense"), Err(FormError::Malformed));
        assert_eq!(
            decode_now(Some(MULTIPART), "--XX\r\nContent-Disposition: form-data\r\n\r\nx\r\n--XX--\r\n"),
            Err(FormError::Malformed)
        );
        assert_eq!(url_encoded("a&".repeat(100).as_bytes()), Err(FormError::Malformed));
    }
}
