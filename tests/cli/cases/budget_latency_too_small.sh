# SPDX-License-Identifier: Apache-2.0
# No input is small enough.
dbconvert doorbell.onnx -q --effort fast --uniform --method clip \
	--calib blobs/photos/scene_07.png --max-latency 10us --allow-resize \
	-o out
