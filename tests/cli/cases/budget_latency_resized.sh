# SPDX-License-Identifier: Apache-2.0
# A smaller input meets the latency.
dbconvert doorbell.onnx --effort fast --uniform --method clip \
	--calib blobs/photos/scene_07.png --max-latency 4ms --allow-resize \
	-o out --report report.json
grep -m 1 '"input_width"' report.json
