# SPDX-License-Identifier: Apache-2.0
# A conversion with photos.
dbconvert blobs/blobs.onnx --calib blobs/photos --mean 0 -o out
