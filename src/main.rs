//! The command line `eoc`.

fn main() -> std::process::ExitCode {
    no_display();
    eoc_ntk::cli::main(std::env::args_os(), None).into()
}

/// A Vulkan driver of Mesa asks the display server which GPU the desktop prefers, and complains on stderr where there
/// is none. eoc draws nothing and takes devices in the order of the drivers.
fn no_display() {
    // SAFETY: the first statement of the program; no other thread runs that could read the environment.
    #[allow(unsafe_code)]
    unsafe {
        std::env::set_var("NODEVICE_SELECT", "1");
    }
}
