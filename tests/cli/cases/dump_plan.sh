# SPDX-License-Identifier: Apache-2.0
# Operators of the device and where each tensor lies.
dbconvert blobs/blobs.onnx --uniform --method clip --effort fast \
	--calib blobs/photos --mean 0 -q --dump-after plan -o out
