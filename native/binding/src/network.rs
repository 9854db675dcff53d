//! Changes of network interfaces for JavaScript, which looks for them now and then: rarely called.

use napi::Error;
use napi_derive::napi;
use rserpool_sctp::NetworkChanges;

/// What has happened since the last look.
#[napi(object)]
pub struct NativeChanges {
    /// Names of the interfaces that were deleted; some may be there again.
    pub deleted: Vec<String>,
    /// Any interface may have been deleted.
    pub is_incomplete: bool,
}

#[napi]
pub struct NativeNetworkChanges {
    /// `None`: closed.
    changes: Option<NetworkChanges>,
}

#[napi]
impl NativeNetworkChanges {
    /// Throws where netlink sockets are forbidden.
    #[napi(constructor)]
    pub fn new() -> napi::Result<Self> {
        let changes = NetworkChanges::subscribe().map_err(Error::from)?;
        Ok(NativeNetworkChanges {
            changes: Some(changes),
        })
    }

    /// `null` if nothing has changed since the last call, or the subscription is closed.
    #[napi]
    pub fn take(&mut self) -> napi::Result<Option<NativeChanges>> {
        let Some(changes) = &mut self.changes else {
            return Ok(None);
        };
        let taken = changes.take().map_err(Error::from)?;
        Ok(taken.map(|changes| NativeChanges {
            deleted: changes.deleted,
            is_incomplete: changes.is_incomplete,
        }))
    }

    #[napi]
    pub fn close(&mut self) {
        self.changes = None;
    }
}
