//! What the processes that we started take up, read from the system while they run.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

/// Samples until it is dropped.
pub(crate) struct Watch {
    peak: Arc<AtomicU64>,
    is_over: Arc<AtomicBool>,
}

impl Watch {
    pub(crate) fn start() -> Self {
        let watch = Self { peak: Arc::default(), is_over: Arc::default() };
        let (peak, is_over) = (Arc::clone(&watch.peak), Arc::clone(&watch.is_over));
        std::thread::spawn(move || {
            while !is_over.load(Ordering::Relaxed) {
                let largest = children().iter().map(|it| peak_bytes(*it)).max().unwrap_or(0);
                peak.fetch_max(largest, Ordering::Relaxed);
                std::thread::park_timeout(Duration::from_millis(10));
            }
        });
        watch
    }

    /// Resident bytes that the largest of them has had.
    pub(crate) fn peak(&self) -> u64 {
        self.peak.load(Ordering::Relaxed)
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
    }
}

/// Processes whose parent we are, and that are not yet gone.
pub(crate) fn children() -> Vec<u32> {
    let own = std::process::id().to_string();
    let all = std::fs::read_dir("/proc").expect("a list of processes").flatten();
    let ids = all.filter_map(|it| it.file_name().to_str()?.parse::<u32>().ok());
    ids.filter(|id| {
        let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
        let after_name = stat.rsplit(')').next().unwrap_or_default();
        let mut fields = after_name.split_whitespace();
        fields.next().is_some_and(|it| it != "Z") && fields.next() == Some(own.as_str())
    })
    .collect()
}

/// Most resident bytes of a process so far.
pub(crate) fn peak_bytes(id: u32) -> u64 {
    let status = Path::new("/proc").join(id.to_string()).join("status");
    let status = std::fs::read_to_string(status).unwrap_or_default();
    let line = status.lines().find_map(|it| it.strip_prefix("VmHWM:"));
    let kib = line.and_then(|it| it.trim().trim_end_matches(" kB").parse::<u64>().ok());
    kib.unwrap_or(0) << 10
}
