# SPDX-License-Identifier: Apache-2.0
# The threshold is above every score of the float model.
dbconvert blobs/blobs.onnx --calib blobs/photos --threshold 1 --mean 0 \
	--effort fast -o made
dbconvert verify blobs/blobs.onnx made/blobs.dbp --calib blobs/photos --json \
	-q | grep -A 4 detections
dbconvert blobs/blobs.onnx --calib blobs/photos --threshold 1 --mean 0 -q \
	--effort fast --min-fidelity 0.5 -o out
