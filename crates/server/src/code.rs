//! The codes of errors: a closed list that clients may branch on, each with its status, its title
//! and what to do about it. `links.about` points to its entry on the page `/docs`.

use axum::http::StatusCode;

domain::words! {
    /// `errors[].code`.
    Code, "error code" {
        MalformedDocument = "malformed_document",
        InvalidMember = "invalid_member",
        MissingMember = "missing_member",
        UnknownMember = "unknown_member",
        ImmutableMember = "immutable_member",
        ClientIdForbidden = "client_id_forbidden",
        TypeMismatch = "type_mismatch",
        IdMismatch = "id_mismatch",
        TooManyRows = "too_many_rows",
        UnknownParameter = "unknown_parameter",
        InvalidParameter = "invalid_parameter",
        InvalidCursor = "invalid_cursor",
        InvalidHeader = "invalid_header",
        Unauthorized = "unauthorized",
        Forbidden = "forbidden",
        NotFound = "not_found",
        MethodNotAllowed = "method_not_allowed",
        NotAcceptable = "not_acceptable",
        Conflict = "conflict",
        IdempotencyConflict = "idempotency_conflict",
        RunRefused = "run_refused",
        AuthorizationRefused = "authorization_refused",
        TooLarge = "too_large",
        UriTooLong = "uri_too_long",
        UnsupportedMediaType = "unsupported_media_type",
        TooManyRequests = "too_many_requests",
        HeadersTooLarge = "headers_too_large",
        Internal = "internal",
        Busy = "busy",
        Timeout = "timeout",
    }
}

impl Code {
    pub const fn status(self) -> StatusCode {
        match self {
            Self::MalformedDocument
            | Self::UnknownParameter
            | Self::InvalidParameter
            | Self::InvalidCursor
            | Self::InvalidHeader => StatusCode::BAD_REQUEST,
            Self::InvalidMember
            | Self::MissingMember
            | Self::UnknownMember
            | Self::ImmutableMember
            | Self::TooManyRows => StatusCode::UNPROCESSABLE_ENTITY,
            Self::ClientIdForbidden | Self::Forbidden => StatusCode::FORBIDDEN,
            Self::TypeMismatch
            | Self::IdMismatch
            | Self::Conflict
            | Self::IdempotencyConflict
            | Self::RunRefused
            | Self::AuthorizationRefused => StatusCode::CONFLICT,
            Self::Unauthorized => StatusCode::UNAUTHORIZED,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::NotAcceptable => StatusCode::NOT_ACCEPTABLE,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UriTooLong => StatusCode::URI_TOO_LONG,
            Self::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::TooManyRequests => StatusCode::TOO_MANY_REQUESTS,
            Self::HeadersTooLarge => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Busy => StatusCode::SERVICE_UNAVAILABLE,
            Self::Timeout => StatusCode::GATEWAY_TIMEOUT,
        }
    }

    pub const fn title(self) -> &'static str {
        match self {
            Self::MalformedDocument => "The body is not JSON",
            Self::InvalidMember => "A member has a value that cannot be taken",
            Self::MissingMember => "A required member is missing",
            Self::UnknownMember => "A member has no meaning here",
            Self::ImmutableMember => "A member is not the client's to set",
            Self::ClientIdForbidden => "Ids are made by the server",
            Self::TypeMismatch => "The resource is of another type",
            Self::IdMismatch => "The id is not the one in the path",
            Self::TooManyRows => "Too many rows in one request",
            Self::UnknownParameter => "A query parameter has no meaning here",
            Self::InvalidParameter => "A query parameter cannot be taken",
            Self::InvalidCursor => "The cursor is not one of this list",
            Self::InvalidHeader => "A header cannot be taken",
            Self::Unauthorized => "A valid key is needed",
            Self::Forbidden => "This key may not do that",
            Self::NotFound => "Not found",
            Self::MethodNotAllowed => "This path has no such method",
            Self::NotAcceptable => "No acceptable media type",
            Self::Conflict => "Something else has this value",
            Self::IdempotencyConflict => "The idempotency key was used for another body",
            Self::RunRefused => "The run was not started",
            Self::AuthorizationRefused => "The connector was not authorized",
            Self::TooLarge => "The body is too large",
            Self::UriTooLong => "The address is too long",
            Self::UnsupportedMediaType => "The body has an unsupported media type",
            Self::TooManyRequests => "Too many requests",
            Self::HeadersTooLarge => "The headers are too large",
            Self::Internal => "Internal error",
            Self::Busy => "Busy",
            Self::Timeout => "The request took too long",
        }
    }

    /// What the reader of an error should do.
    pub const fn advice(self) -> &'static str {
        match self {
            Self::MalformedDocument => "Send UTF-8 JSON; `detail` says where it stops being that.",
            Self::InvalidMember | Self::MissingMember => {
                "`source.pointer` names the member, `detail` what it takes."
            }
            Self::UnknownMember => {
                "Nothing is ignored in silence: remove the member, or correct its name."
            }
            Self::ImmutableMember => "Leave the member out.",
            Self::ClientIdForbidden => {
                "Leave `id` out. To be able to repeat a request safely, send `Idempotency-Key`."
            }
            Self::TypeMismatch | Self::IdMismatch => "Correct `type` and `id`, or the path.",
            Self::TooManyRows => "Split the batch: at most 1,000 rows.",
            Self::UnknownParameter | Self::InvalidParameter => {
                "`source.parameter` names the parameter, `detail` what can stand there."
            }
            Self::InvalidCursor => {
                "Take cursors from `links` as they are, with the same `sort`; else start at `links.first`."
            }
            Self::InvalidHeader => "`source.header` names the header.",
            Self::Unauthorized => {
                "Send `Authorization: Bearer <key>`; the key may be wrong, inactive or expired."
            }
            Self::Forbidden => "Use a key whose role allows it.",
            Self::NotFound => {
                "It never was, is deleted, is past its retention, or belongs to someone else: the \
                 answer is the same on purpose."
            }
            Self::MethodNotAllowed => "`Allow` lists the methods of this path.",
            Self::NotAcceptable => "Accept `application/vnd.api+json`.",
            Self::Conflict => "Choose another value.",
            Self::IdempotencyConflict => "Use a new key for a new body.",
            Self::RunRefused => {
                "The code says why: `synced_recently`, `already_running` or `not_startable`."
            }
            Self::AuthorizationRefused => {
                "`detail` says what the server or its authorization server refused; begin again."
            }
            Self::TooLarge => "Send less at once.",
            Self::UriTooLong => "Shorten the query.",
            Self::UnsupportedMediaType => {
                "Send `Content-Type: application/vnd.api+json` without parameters, uncompressed."
            }
            Self::TooManyRequests => "Wait for the seconds in `Retry-After`.",
            Self::HeadersTooLarge => "Send fewer or shorter headers.",
            Self::Internal => "Report it with the `id`: the log has the cause under it.",
            Self::Busy => "Try again after the seconds in `Retry-After`.",
            Self::Timeout => "Ask for less at once, or try again.",
        }
    }
}
