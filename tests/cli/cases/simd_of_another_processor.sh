# SPDX-License-Identifier: Apache-2.0
# An instruction set that no processor has together with the others.
case $(uname -m) in
aarch64) other=avx2 ;;
*) other=neon ;;
esac
DBCONVERT_SIMD=$other dbconvert blobs/blobs.onnx -o out 2>&1 |
	sed "s/$other/ANOTHER/"
