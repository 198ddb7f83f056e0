//! Philox4x32-10, a counter-based generator of the Random123 family, over `L` independent counters at once.
//!
//! Source: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC11. Integers only, so the
//! words agree bit by bit on every device.

/// Multipliers of the two halves.
pub const MULTIPLIERS: [u32; 2] = [0xD251_1F53, 0xCD9E_8D57];
/// Weyl increments of the key: the golden ratio and √3 − 1.
pub const WEYL: [u32; 2] = [0x9E37_79B9, 0xBB67_AE85];
/// Rounds.
pub const ROUNDS: usize = 10;

/// Four words for each of `L` counters; `counter[i][lane]` is word i of a counter.
///
/// One lane after the other, all its rounds at once: that is the loop that compilers turn into vectors whose state
/// stays in registers. Rounds outside and lanes inside gave the same words at a third of the rate.
#[inline(always)]
pub fn philox4x32<const L: usize>(key: [u32; 2], counter: [[u32; L]; 4]) -> [[u32; L]; 4] {
    let mut words = [[0; L]; 4];
    for l in 0..L {
        let [w0, w1, w2, w3] = lane(key, [counter[0][l], counter[1][l], counter[2][l], counter[3][l]]);
        words[0][l] = w0;
        words[1][l] = w1;
        words[2][l] = w2;
        words[3][l] = w3;
    }
    words
}

/// The words of one counter.
#[inline(always)]
fn lane(key: [u32; 2], counter: [u32; 4]) -> [u32; 4] {
    // Of whole products, compilers make no vectors for NEON; of halves, slower ones for x86-64.
    if cfg!(target_arch = "aarch64") { by_halves(key, counter) } else { by_products(key, counter) }
}

/// They live in the low halves of 64-bit words, whose upper halves may hold anything: a 32 × 32 → 64 product reads low
/// halves only, so neither masks nor shuffles are needed between rounds.
#[inline(always)]
fn by_products(mut key: [u32; 2], counter: [u32; 4]) -> [u32; 4] {
    let [mut c0, mut c1, mut c2, mut c3] = counter.map(u64::from);
    for _ in 0..ROUNDS {
        let p0 = u64::from(MULTIPLIERS[0]) * (c0 & 0xFFFF_FFFF);
        let p1 = u64::from(MULTIPLIERS[1]) * (c2 & 0xFFFF_FFFF);
        c0 = (p1 >> 32) ^ c1 ^ u64::from(key[0]);
        c1 = p1;
        c2 = (p0 >> 32) ^ c3 ^ u64::from(key[1]);
        c3 = p0;
        key = [key[0].wrapping_add(WEYL[0]), key[1].wrapping_add(WEYL[1])];
    }
    [c0 as u32, c1 as u32, c2 as u32, c3 as u32]
}

/// The same with a multiplication for each half of a product.
#[inline(always)]
fn by_halves(mut key: [u32; 2], mut c: [u32; 4]) -> [u32; 4] {
    let high = |m: u32, c: u32| ((u64::from(m) * u64::from(c)) >> 32) as u32;
    for _ in 0..ROUNDS {
        c = [
            high(MULTIPLIERS[1], c[2]) ^ c[1] ^ key[0],
            MULTIPLIERS[1].wrapping_mul(c[2]),
            high(MULTIPLIERS[0], c[0]) ^ c[3] ^ key[1],
            MULTIPLIERS[0].wrapping_mul(c[0]),
        ];
        key = [key[0].wrapping_add(WEYL[0]), key[1].wrapping_add(WEYL[1])];
    }
    c
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The published known answers of Random123 (`kat_vectors`, philox4x32, 10 rounds).
    #[test]
    fn known_answers() {
        let check = |counter: [u32; 4], key: [u32; 2], expected: [u32; 4]| {
            assert_eq!(philox4x32(key, counter.map(|c| [c])).map(|w| w[0]), expected);
            // Every lane is a generator of its own.
            let lanes = philox4x32(key, counter.map(|c| [0, c, 1, 7, c]));
            assert_eq!(lanes.map(|w| w[1]), expected);
            assert_eq!(lanes.map(|w| w[4]), expected);
        };
        check([0; 4], [0; 2], [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]);
        check([u32::MAX; 4], [u32::MAX; 2], [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]);
        check(
            [0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344],
            [0xa409_3822, 0x299f_31d0],
            [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1],
        );
    }

    /// Only one of them runs on a processor; the other is for those that nobody at hand has.
    #[test]
    fn both_forms_make_the_same_words() {
        let mut words = [1, 2, 3, u32::MAX];
        for seed in 0..1000 {
            let key = [seed, words[3]];
            assert_eq!(by_halves(key, words), by_products(key, words));
            words = by_products(key, words);
        }
    }
}
