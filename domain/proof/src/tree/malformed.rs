//! Proofs that prove nothing, each of which must be refused (hazard D5).

use super::*;

fn leaves(size: u64) -> Vec<Hash> {
    (0..size).map(|index| leaf_hash(&index.to_be_bytes())).collect()
}

fn root(size: u64) -> Hash {
    let mut frontier = Frontier::new();
    frontier.append(leaves(size));
    frontier.root()
}

/// The root an impostor would claim: the true one, or for absurd sizes some other.
fn root_near(size: u64) -> Hash {
    root(size.min(20))
}

/// Every way to spoil a list of hashes: none, one less at either end, one more, two swapped, each bit of one turned.
fn spoilt(path: &[Hash], extra: &[Hash]) -> Vec<Vec<Hash>> {
    let mut all = vec![Vec::new()];
    if let (Some((_, tail)), Some((_, head))) = (path.split_first(), path.split_last()) {
        all.extend([tail.to_vec(), head.to_vec()]);
    }
    for more in extra {
        all.push([path, &[*more]].concat());
        all.push([&[*more], path].concat());
    }
    for at in 0..path.len() {
        for other in 0..at {
            let mut swapped = path.to_vec();
            swapped.swap(at, other);
            all.push(swapped);
        }
        for bit in [0_usize, 1, 7, 100, 255] {
            let mut turned = path.to_vec();
            let mut bytes = *turned[at].as_bytes();
            bytes[bit / 8] ^= 1 << (bit % 8);
            turned[at] = Hash::new(bytes);
            all.push(turned);
        }
    }
    all.retain(|other| other != path);
    all
}

#[test]
fn every_spoilt_inclusion_proof_is_refused() {
    for size in 1..=17 {
        let (hashes, root) = (leaves(size), root(size));
        for index in 0..size {
            let leaf = hashes[usize::try_from(index).unwrap()];
            let proof = InclusionProof::prove(&LeafSlice(&hashes), index, size).unwrap();
            proof.verify(&leaf, &root).unwrap();
            for path in spoilt(&proof.path, &[root, leaf, empty_root()]) {
                let bad = InclusionProof { path, ..proof };
                assert!(bad.verify(&leaf, &root).is_err(), "{bad:?}");
            }
        }
    }
}

#[test]
fn an_inclusion_proof_holds_for_no_other_leaf_index_size_or_root() {
    for size in 1..=17 {
        let (hashes, right) = (leaves(size), root(size));
        for index in 0..size {
            let leaf = hashes[usize::try_from(index).unwrap()];
            let proof = InclusionProof::prove(&LeafSlice(&hashes), index, size).unwrap();
            for other in (0..=20).chain([u64::MAX, u64::MAX / 2]) {
                let moved = InclusionProof { index: other, ..proof.clone() };
                assert_eq!(moved.verify(&leaf, &right).is_ok(), other == index, "{moved:?}");
                let resized = InclusionProof { size: other, ..proof.clone() };
                assert_eq!(resized.verify(&leaf, &root_near(other)).is_ok(), other == size, "{resized:?}");
            }
            for wrong in [empty_root(), leaf_hash(b"other"), Hash::new([0; 32])] {
                assert!(proof.verify(&wrong, &right).is_err());
                assert!(proof.verify(&leaf, &wrong).is_err());
            }
        }
    }
}

#[test]
fn every_spoilt_consistency_proof_is_refused() {
    for new in 1..=17 {
        let hashes = leaves(new);
        for old in 1..=new {
            let proof = ConsistencyProof::prove(&LeafSlice(&hashes), old, new).unwrap();
            proof.verify(&root(old), &root(new)).unwrap();
            for path in spoilt(&proof.path, &[root(old), root(new), empty_root()]) {
                let bad = ConsistencyProof { path, ..proof };
                assert!(bad.verify(&root(old), &root(new)).is_err(), "{bad:?}");
            }
        }
    }
}

#[test]
fn a_consistency_proof_holds_for_no_other_sizes_or_roots() {
    for new in 1..=17 {
        let hashes = leaves(new);
        for old in 1..=new {
            let proof = ConsistencyProof::prove(&LeafSlice(&hashes), old, new).unwrap();
            for other in (0..=20).chain([u64::MAX, u64::MAX / 2]) {
                let claimed = root_near(other);
                let older = ConsistencyProof { old: other, ..proof.clone() };
                assert_eq!(older.verify(&claimed, &root(new)).is_ok(), other == old, "{older:?}");
                let newer = ConsistencyProof { new: other, ..proof.clone() };
                assert_eq!(newer.verify(&root(old), &claimed).is_ok(), other == new, "{newer:?}");
            }
            for wrong in [empty_root(), leaf_hash(b"other"), Hash::new([0; 32])] {
                assert!(proof.verify(&wrong, &root(new)).is_err());
                assert!(proof.verify(&root(old), &wrong).is_err());
            }
        }
    }
}
