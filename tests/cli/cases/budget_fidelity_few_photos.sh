# SPDX-License-Identifier: Apache-2.0
# The agreement is high, but the photos are too few to be sure of it.
dbconvert blobs/blobs.onnx -q --calib blobs/photos --mean 0 --effort fast \
	--min-fidelity 0.95 -o out
