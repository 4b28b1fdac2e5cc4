# SPDX-License-Identifier: Apache-2.0
# Coded, the file is small enough but takes too much memory; in place it is
# the other way round.
dbconvert blobs/blobs.onnx -q --effort fast --calib blobs/photos \
	--max-size 5KB --max-ram 64KB -o out
