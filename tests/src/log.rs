//! The log (design.md section 3): what it promises to those who write, repeat, read and come back after a crash.

mod appending;
mod at_heads;
mod caching;
mod copying;
mod crashing;
mod differing;
mod loading;
mod out_of_reach;
mod overload;
mod repeating;
mod samples;
mod severed;
mod tailing;
