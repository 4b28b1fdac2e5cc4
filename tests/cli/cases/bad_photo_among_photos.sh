# SPDX-License-Identifier: Apache-2.0
# A broken photo in a folder of photos.
mkdir photos
cp blobs/photos/scene_07.png photos
head -c 300 photos/scene_07.png >photos/short.png
dbconvert blobs/blobs.onnx --calib photos -o out
