# SPDX-License-Identifier: Apache-2.0
# Operators of the device, as they come from the graph.
dbconvert blobs/blobs.onnx --uniform --method clip --effort fast \
	--calib blobs/photos --mean 0 -q --dump-after lower -o out
