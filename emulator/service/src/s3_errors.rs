//! The errors of S3's REST API, by code: the general list of its reference ("Error responses", "List of error
//! codes"), without those of single features such as Select, Outposts and Access Grants.

/// A row of the list: what a client reads, and the status it comes with.
#[derive(Debug, PartialEq, Eq)]
pub struct S3Error {
    pub code: &'static str,
    pub status: u16,
    pub message: &'static str,
}

/// The row of a code.
pub fn named(code: &str) -> Option<&'static S3Error> {
    let at = ALL.binary_search_by(|row| row.code.cmp(code)).ok()?;
    ALL.get(at)
}

const fn row(code: &'static str, status: u16, message: &'static str) -> S3Error {
    S3Error { code, status, message }
}

/// In the order of their codes.
pub const ALL: &[S3Error] = &[
    row("AccessControlListNotSupported", 400, "The bucket does not allow ACLs"),
    row("AccessDenied", 403, "Access Denied"),
    row("AccessPointAlreadyOwnedByYou", 409, "You already own an access point of this name"),
    row("AccountProblem", 403, "There is a problem with the account of the bucket"),
    row("AllAccessDisabled", 403, "All access to this object has been disabled"),
    row("AmbiguousGrantByEmailAddress", 400, "The e-mail address belongs to more than one account"),
    row("AuthorizationHeaderMalformed", 400, "The authorization header is malformed"),
    row("AuthorizationQueryParametersError", 400, "The authorization query parameters are not valid"),
    row("BadDigest", 400, "The Content-MD5 or checksum did not match what was received"),
    row("BucketAlreadyExists", 409, "The requested bucket name is not available"),
    row("BucketAlreadyOwnedByYou", 409, "You already own this bucket"),
    row("BucketHasAccessPointsAttached", 400, "The bucket has access points attached"),
    row("BucketNotEmpty", 409, "The bucket is not empty"),
    row("Busy", 503, "The service is unavailable. Try again later."),
    row("ClientTokenConflict", 409, "Another access point was made with this token"),
    row(
        "ConditionalRequestConflict",
        409,
        "A conflicting operation occurred during this request. Try again.",
    ),
    row("ConnectionClosedByRequester", 400, "The requester closed the connection"),
    row("CredentialsNotSupported", 400, "This request does not support credentials"),
    row("CrossLocationLoggingProhibited", 403, "Logging to another location is not allowed"),
    row("DeviceNotActiveError", 400, "The device is not active"),
    row("EndpointNotFound", 400, "Direct requests to the correct endpoint"),
    row("EntityTooLarge", 400, "Your proposed upload exceeds the maximum allowed size"),
    row("EntityTooSmall", 400, "Your proposed upload is smaller than the minimum allowed size"),
    row("ExpiredToken", 400, "The provided token has expired."),
    row("IllegalLocationConstraintException", 400, "The bucket is in another region than this endpoint"),
    row("IllegalVersioningConfigurationException", 400, "The versioning configuration is not valid"),
    row(
        "IncompleteBody",
        400,
        "You did not provide the number of bytes specified by the Content-Length HTTP header",
    ),
    row("IncorrectEndpoint", 400, "The bucket is at another endpoint"),
    row("IncorrectNumberOfFilesInPostRequest", 400, "POST takes one file for each request"),
    row("InlineDataTooLarge", 400, "Inline data exceeds the maximum allowed size"),
    row("InternalError", 500, "We encountered an internal error. Please try again."),
    row("InvalidAccessKeyId", 403, "The AWS Access Key Id you provided does not exist in our records."),
    row("InvalidAccessPoint", 400, "The access point is not valid"),
    row("InvalidAccessPointAliasError", 400, "The alias of the access point is not valid"),
    row("InvalidAddressingHeader", 400, "The Anonymous role is required"),
    row("InvalidArgument", 400, "Invalid Argument"),
    row(
        "InvalidBucketAclWithObjectOwnership",
        400,
        "Such ACLs are not possible with the bucket's ownership of objects",
    ),
    row("InvalidBucketName", 400, "The specified bucket is not valid"),
    row("InvalidBucketOwnerAWSAccountID", 400, "The expected owner of the bucket is no account"),
    row("InvalidBucketState", 409, "The request is not valid for the current state of the bucket"),
    row("InvalidDigest", 400, "The Content-MD5 or checksum you specified is not valid"),
    row("InvalidEncryptionAlgorithmError", 400, "The encryption you specified is not valid"),
    row("InvalidHostHeader", 400, "The host header is not the right one for this request"),
    row("InvalidHttpMethod", 400, "The request has an unexpected method"),
    row("InvalidLocationConstraint", 400, "The location constraint is not valid"),
    row("InvalidObjectState", 403, "The operation is not valid for the state of the object"),
    row("InvalidPart", 400, "One or more of the parts could not be found"),
    row("InvalidPartOrder", 400, "The list of parts is not in ascending order"),
    row("InvalidPayer", 403, "All access to this object has been disabled"),
    row("InvalidPolicyDocument", 400, "The form does not meet the conditions of its policy"),
    row("InvalidRange", 416, "The requested range is not satisfiable"),
    row("InvalidRegion", 403, "This region is not enabled for the account"),
    row("InvalidRequest", 400, "Invalid Request"),
    row("InvalidSOAPRequest", 400, "The SOAP request body is not valid"),
    row("InvalidSecurity", 403, "The provided security credentials are not valid"),
    row("InvalidSessionException", 400, "The session does not exist any more"),
    row("InvalidSignature", 400, "The signature is not valid for this request"),
    row("InvalidStorageClass", 400, "The storage class is not valid"),
    row("InvalidTargetBucketForLogging", 400, "The target bucket for logging cannot be used"),
    row("InvalidToken", 400, "The provided token is malformed or otherwise invalid."),
    row("InvalidURI", 400, "The URI could not be parsed"),
    row("KMS.DisabledException", 400, "The KMS key is disabled"),
    row("KMS.InvalidKeyUsageException", 400, "The KMS key is not for this use"),
    row("KMS.KMSInvalidStateException", 400, "The KMS key is in a state in which it cannot be used"),
    row("KMS.NotFoundException", 400, "The KMS key does not exist"),
    row("KeyTooLongError", 400, "Your key is too long"),
    row("MalformedACLError", 400, "The ACL was not well-formed"),
    row("MalformedPOSTRequest", 400, "The body of the POST is not well-formed multipart/form-data"),
    row("MalformedPolicy", 400, "The policy is not valid"),
    row("MalformedXML", 400, "The XML you provided was not well-formed"),
    row("MaxMessageLengthExceeded", 400, "Your request was too big"),
    row("MaxPostPreDataLengthExceededError", 400, "The fields before the file are too large"),
    row("MetadataTooLarge", 400, "Your metadata headers exceed the maximum allowed size"),
    row("MethodNotAllowed", 405, "The specified method is not allowed against this resource."),
    row("MissingAttachment", 400, "A SOAP attachment was expected"),
    row("MissingAuthenticationToken", 403, "The request is not signed"),
    row("MissingContentLength", 411, "You must provide the Content-Length HTTP header."),
    row("MissingRequestBodyError", 400, "Request body is empty"),
    row("MissingSecurityElement", 400, "The SOAP request has no security element"),
    row("MissingSecurityHeader", 400, "Your request is missing a required header"),
    row("NoLoggingStatusForKey", 400, "A key has no logging status"),
    row("NoSuchAccessPoint", 404, "The access point does not exist"),
    row("NoSuchAsyncRequest", 404, "The asynchronous request does not exist"),
    row("NoSuchBucket", 404, "The specified bucket does not exist"),
    row("NoSuchBucketPolicy", 404, "The bucket has no policy"),
    row("NoSuchCORSConfiguration", 404, "The bucket has no CORS configuration"),
    row("NoSuchKey", 404, "The specified key does not exist."),
    row("NoSuchLifecycleConfiguration", 404, "The bucket has no lifecycle configuration"),
    row("NoSuchMultiRegionAccessPoint", 404, "The Multi-Region Access Point does not exist"),
    row("NoSuchObjectLockConfiguration", 404, "The object has no lock configuration"),
    row("NoSuchTagSet", 404, "The bucket has no tags"),
    row(
        "NoSuchUpload",
        404,
        "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.",
    ),
    row("NoSuchVersion", 404, "The specified version does not exist"),
    row("NoSuchWebsiteConfiguration", 404, "The bucket has no website configuration"),
    row("NoTransformationDefined", 404, "No transformation was found for this access point"),
    row("NotDeviceOwnerError", 400, "The device is another account's"),
    row("NotImplemented", 501, "A header you provided implies functionality that is not implemented"),
    row("NotModified", 304, "The resource was not changed"),
    row("NotSignedUp", 403, "The account is not signed up for Amazon S3"),
    row("ObjectLockConfigurationNotFoundError", 404, "The bucket has no lock configuration"),
    row(
        "OperationAborted",
        409,
        "A conflicting conditional operation is currently in progress against this resource. Please try again.",
    ),
    row("OwnershipControlsNotFoundError", 404, "The bucket has no ownership controls"),
    row("PermanentRedirect", 301, "The bucket must be addressed at its own endpoint"),
    row("PermanentRedirectControlError", 301, "The API operation must be addressed at its own endpoint"),
    row("PreconditionFailed", 412, "At least one of the preconditions you specified did not hold"),
    row("Redirect", 307, "Temporary redirect"),
    row("ReplicationConfigurationNotFoundError", 404, "The bucket has no replication configuration"),
    row("RequestHeaderSectionTooLarge", 400, "The headers of the request are too large"),
    row("RequestIsNotMultiPartContent", 412, "A POST must be multipart/form-data"),
    row(
        "RequestTimeTooSkewed",
        403,
        "The difference between the request time and the server's time is too large.",
    ),
    row(
        "RequestTimeout",
        400,
        "Your socket connection to the server was not read from or written to within the timeout period. Idle connections will be closed.",
    ),
    row("RequestTorrentOfBucketError", 400, "A bucket has no torrent file"),
    row("ResponseInterrupted", 400, "The requester interrupted the response"),
    row("RestoreAlreadyInProgress", 409, "The object is being restored already"),
    row("ServerSideEncryptionConfigurationNotFoundError", 400, "The bucket has no encryption configuration"),
    row("ServiceUnavailable", 503, "Service is unable to handle request."),
    row(
        "SignatureDoesNotMatch",
        403,
        "The request signature we calculated does not match the signature you provided. Check your key and signing method.",
    ),
    row("SlowDown", 503, "Please reduce your request rate."),
    row("TagPolicyException", 400, "The tags do not comply with the policy"),
    row("TemporaryRedirect", 307, "You are redirected to the bucket while DNS updates"),
    row("TokenCodeInvalidError", 400, "The serial number or the code of the device is not valid"),
    row("TokenRefreshRequired", 400, "The provided token must be refreshed."),
    row("TooManyAccessPoints", 400, "There are too many access points"),
    row("TooManyBuckets", 400, "There are too many buckets"),
    row("TooManyMultiRegionAccessPointregionsError", 400, "There are too many regions"),
    row("TooManyMultiRegionAccessPoints", 400, "There are too many Multi-Region Access Points"),
    row("UnauthorizedAccess", 401, "The credentials are not for this partition"),
    row("UnauthorizedAccessError", 403, "The access is not authorized in this partition"),
    row("UnexpectedContent", 400, "This request does not support content"),
    row("UnexpectedIPError", 403, "The request is not from where the account may be used"),
    row("UnresolvableGrantByEmailAddress", 400, "The e-mail address is of no account"),
    row("UnsupportedArgument", 400, "The request has an argument that is not supported"),
    row("UnsupportedSignature", 400, "The request is signed in a way that is not supported"),
    row("UserKeyMustBeSpecified", 400, "The POST has no field for the key"),
    row(
        "XAmzContentSHA256Mismatch",
        400,
        "The provided x-amz-content-sha256 does not match what was computed",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_found_and_can_be_sent() {
        for pair in ALL.windows(2) {
            assert!(pair[0].code < pair[1].code, "{}", pair[1].code);
        }
        for row in ALL {
            assert_eq!(named(row.code), Some(row));
            assert!((300..=599).contains(&row.status), "{row:?}");
            // Nothing in it has to be escaped in XML.
            assert!(![row.code, row.message].concat().contains(['<', '>', '&', '"']), "{row:?}");
        }
        assert_eq!(named("SlowDown").map(|row| row.status), Some(503));
        assert_eq!(named("slowdown"), None);
    }
}
