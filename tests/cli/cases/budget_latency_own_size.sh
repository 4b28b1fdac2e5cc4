# SPDX-License-Identifier: Apache-2.0
# A latency that the model misses at its own size.
dbconvert doorbell.onnx -q --effort fast --uniform --method clip \
	--calib blobs/photos/scene_07.png --max-latency 4ms -o out
