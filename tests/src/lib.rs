//! The product from outside, and the shape of the house.
