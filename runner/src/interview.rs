//! The interview at work: a configured model leads it through the same small tools as the built-in interviewer, which takes its place
//! where there is none, or where it fails (product.md section 4).

mod desk;
mod instructions;
mod lead;
#[cfg(test)]
mod tests;
mod toolbox;

pub use desk::InterviewDesk;
