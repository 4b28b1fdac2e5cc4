# SPDX-License-Identifier: Apache-2.0
# The graph after a pass.
dbconvert blobs/blobs.onnx --uniform --method clip --effort fast \
	--calib blobs/photos --mean 0 -q --dump-after drop_dead -o out
