//! The same roots and proofs as an independent implementation, byte for byte, and each accepts the other's.

use ct_merkle::mem_backed_tree::MemoryBackedTree;
use proptest::prelude::*;
use sha2::Sha256;

use super::*;

type Theirs = MemoryBackedTree<Sha256, Vec<u8>>;

fn record(index: u64) -> Vec<u8> {
    format!("record {index}").into_bytes()
}

fn ours(size: u64) -> Vec<Hash> {
    (0..size).map(|index| leaf_hash(&record(index))).collect()
}

fn theirs(size: u64) -> Theirs {
    let mut tree = Theirs::new();
    (0..size).for_each(|index| tree.push(record(index)));
    tree
}

fn concatenated(path: &[Hash]) -> Vec<u8> {
    path.iter().flat_map(|hash| *hash.as_bytes()).collect()
}

fn root(leaves: &[Hash]) -> Hash {
    let mut frontier = Frontier::new();
    frontier.append(leaves.iter().copied());
    frontier.root()
}

fn inclusion_agrees(leaves: &[Hash], tree: &Theirs, index: u64) {
    let size = tree.len();
    let theirs = tree.prove_inclusion(usize::try_from(index).unwrap());
    let proof = InclusionProof::prove(&LeafSlice(leaves), index, size).unwrap();
    assert_eq!(concatenated(&proof.path), theirs.as_bytes(), "leaf {index} of {size}");
    proof.verify(&leaf_hash(&record(index)), &root(leaves)).unwrap();
    let path = ct_merkle::InclusionProof::try_from_bytes(concatenated(&proof.path)).unwrap();
    tree.root().verify_inclusion(&record(index), index, &path).unwrap();
}

fn consistency_agrees(leaves: &[Hash], tree: &Theirs, old: u64) {
    let size = tree.len();
    let theirs = tree.prove_consistency(usize::try_from(size - old).unwrap());
    let proof = ConsistencyProof::prove(&LeafSlice(leaves), old, size).unwrap();
    assert_eq!(concatenated(&proof.path), theirs.as_bytes(), "{old} to {size}");
    proof.verify(&root(&leaves[..usize::try_from(old).unwrap()]), &root(leaves)).unwrap();
}

#[test]
fn roots_are_the_same_for_every_size_to_seventy() {
    for size in 0..=70 {
        assert_eq!(root(&ours(size)).as_bytes()[..], theirs(size).root().as_bytes()[..], "size {size}");
    }
}

#[test]
fn inclusion_proofs_are_the_same_for_every_leaf_of_every_size_to_seventy() {
    for size in 1..=70 {
        let (leaves, tree) = (ours(size), theirs(size));
        (0..size).for_each(|index| inclusion_agrees(&leaves, &tree, index));
    }
}

#[test]
fn consistency_proofs_are_the_same_for_every_pair_of_sizes_to_seventy() {
    for size in 1..=70 {
        let (leaves, tree) = (ours(size), theirs(size));
        (1..=size).for_each(|old| consistency_agrees(&leaves, &tree, old));
    }
}

#[test]
fn every_source_of_nodes_gives_the_same_proof() {
    let leaves = ours(70);
    let memory: MemoryTree = leaves.iter().copied().collect();
    assert_eq!(memory.frontier().root(), root(&leaves));
    let closure = LeafFn::infallible(|index| leaf_hash(&record(index)));
    for (index, size) in [(0, 1), (0, 70), (69, 70), (33, 65), (12, 13), (63, 64)] {
        let expected = InclusionProof::prove(&LeafSlice(&leaves), index, size).unwrap();
        assert_eq!(InclusionProof::prove(&memory, index, size).unwrap(), expected);
        assert_eq!(InclusionProof::prove(&closure, index, size).unwrap(), expected);
        let expected = ConsistencyProof::prove(&LeafSlice(&leaves), index + 1, size).unwrap();
        assert_eq!(ConsistencyProof::prove(&memory, index + 1, size).unwrap(), expected);
        assert_eq!(ConsistencyProof::prove(&closure, index + 1, size).unwrap(), expected);
    }
}

#[test]
fn a_source_that_is_too_small_says_which_node_is_missing() {
    let leaves = ours(6);
    let memory: MemoryTree = leaves.iter().copied().collect();
    let missing = ProveError::Source(MissingNode { level: 1, index: 3 });
    assert_eq!(InclusionProof::prove(&LeafSlice(&leaves), 4, 8), Err(missing.clone()));
    assert_eq!(InclusionProof::prove(&memory, 4, 8), Err(missing));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    #[test]
    fn large_trees_agree_at_random_places(size in 71_u64..1_500, at in any::<u64>(), old in any::<u64>()) {
        let (leaves, tree) = (ours(size), theirs(size));
        prop_assert!(root(&leaves).as_bytes()[..] == tree.root().as_bytes()[..]);
        inclusion_agrees(&leaves, &tree, at % size);
        consistency_agrees(&leaves, &tree, old % size + 1);
    }
}
