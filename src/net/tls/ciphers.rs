//! Which cipher is offered first. AES in GCM is the quickest one on a processor with instructions for both, and without
//! them costs several times what ChaCha20-Poly1305 does.

/// Whether the processor has instructions for AES, and for the multiplication of GCM.
#[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
pub(crate) fn has_aes() -> bool {
    std::arch::is_x86_feature_detected!("aes") && std::arch::is_x86_feature_detected!("pclmulqdq")
}

#[cfg(target_arch = "aarch64")]
pub fn has_aes() -> bool {
    std::arch::is_aarch64_feature_detected!("aes") && std::arch::is_aarch64_feature_detected!("pmull")
}

/// A processor of the eighth architecture that runs programs of the seventh.
#[cfg(all(target_arch = "arm", target_os = "linux"))]
pub fn has_aes() -> bool {
    crate::sys::has_aes_on_arm()
}

#[cfg(not(any(
    target_arch = "x86",
    target_arch = "x86_64",
    target_arch = "aarch64",
    all(target_arch = "arm", target_os = "linux")
)))]
pub fn has_aes() -> bool {
    false
}
