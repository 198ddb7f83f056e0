"""Makes the data_*.np[yz] files beside it, which tests/it/data.rs reads back. Made with NumPy 2.4.6:

    python3 tests/data/data_files.py

Every array is 3 x 4 with entry 4*i + j - 5, halved where its type holds halves.
"""

from pathlib import Path

import numpy as np

here = Path(__file__).parent
whole = np.arange(12).reshape(3, 4) - 5
half = whole / 2

for name in ["<f2", ">f2", "<f4", ">f4", "<f8", ">f8"]:
    order = "big" if name[0] == ">" else "little"
    np.save(here / f"data_{name[1:]}_{order}.npy", half.astype(name))
for name in ["i1", "<i2", ">i2", "<i4", ">i4", "<i8", ">i8"]:
    order = "big" if name[0] == ">" else "little"
    np.save(here / f"data_{name[-2:]}_{order}.npy", whole.astype(name))
for name in ["u1", "<u2", ">u4", "<u8"]:
    order = "big" if name[0] == ">" else "little"
    np.save(here / f"data_{name[-2:]}_{order}.npy", (whole + 5).astype(name))
np.save(here / "data_fortran.npy", np.asfortranarray(half))
with open(here / "data_version2.npy", "wb") as file:
    np.lib.format.write_array(file, half, version=(2, 0))
with open(here / "data_version3.npy", "wb") as file:
    np.lib.format.write_array(file, half, version=(3, 0))
np.savez(here / "data_stored.npz", half)
np.savez_compressed(here / "data_deflated.npz", x=half, y=whole)
