//! The scopes a hardware device may ask for.

use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scope {
    pub asset_create: bool,
    pub offline: bool,
}

impl Scope {
    /// Reads a space-delimited list; `None` when it is empty or names anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let mut scope = Self { asset_create: false, offline: false };
        for name in text.split(' ').filter(|name| !name.is_empty()) {
            match name {
                "asset_create" => scope.asset_create = true,
                "offline" => scope.offline = true,
                _ => return None,
            }
        }
        (scope.asset_create || scope.offline).then_some(scope)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_two_hardware_scopes() {
        assert_eq!(Scope::parse("offline asset_create"), Some(Scope { asset_create: true, offline: true }));
        assert_eq!(Scope::parse("asset_create"), Some(Scope { asset_create: true, offline: false }));
        for bad in ["", " ", "asset_create comment_create", "ASSET_CREATE", "asset_create,offline"] {
            assert_eq!(Scope::parse(bad), None, "{bad:?}");
        }
    }
}
