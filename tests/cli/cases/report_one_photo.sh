# SPDX-License-Identifier: Apache-2.0
# One photo is too few to measure on.
dbconvert blobs/blobs.onnx --calib blobs/photos/scene_07.png -o out
