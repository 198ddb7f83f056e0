//! The command line `eoc`.

mod cli;

fn main() -> std::process::ExitCode {
    cli::main()
}
