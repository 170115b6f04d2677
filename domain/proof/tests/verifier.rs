//! Bundles from outside: honest ones hold, every other one is refused, and two verifiers agree.
#[cfg(test)]
mod verifier {
    mod attacks;
    mod bits;
    mod cases;
    mod command;
    mod honest;
    mod second;
    mod stream;
    mod surgery;
    mod vectors;
    mod writing;
}
