//! The object storage behind the service: presigned addresses, the bytes of parts, and their
//! assembly. What it tells clients is in [`crate::http::storage_api`].

pub mod assembly;
pub mod disk;
pub mod files;
pub mod link;
pub mod links;
pub mod pictures;
pub mod presign;
pub mod sink;

use tokio::sync::watch;

use disk::Disk;
use files::PartDir;
use link::Link;
use presign::Signer;

use crate::trouble::Trouble;

pub struct Storage {
    /// The origin of the addresses of parts, such as `https://127.0.0.1:40124`.
    pub url: String,
    pub signer: Signer,
    /// Where the files of parts are.
    pub dir: PartDir,
    /// With keeping parts.
    pub trouble: Trouble,
    pub disk: Disk,
    pub link: Link,
    /// How many assemblies are running.
    assemblies: watch::Sender<usize>,
}

impl Storage {
    pub fn new(url: String, dir: PartDir, signer: Signer) -> Self {
        Self {
            url,
            signer,
            dir,
            trouble: Trouble::default(),
            disk: Disk::default(),
            link: Link::default(),
            assemblies: watch::Sender::new(0),
        }
    }

    /// The host a client names in its requests to the storage.
    pub fn authority(&self) -> &str {
        self.url.split_once("://").map_or(self.url.as_str(), |(_, authority)| authority)
    }

    /// Waits until no file is being assembled.
    pub async fn all_assembled(&self) {
        // The sender lives as long as `self`, so this cannot fail.
        let _ = self.assemblies.subscribe().wait_for(|running| *running == 0).await;
    }
}
