# SPDX-License-Identifier: Apache-2.0
# The head is YOLOX's: its usual preprocessing is taken where none is given, and
# is wrong for this model, which was trained otherwise.
mkdir photos
cp blobs/photos/scene_0[0-5].png photos
dbconvert doorbell.onnx --calib photos --effort fast -q -o made --report r.json
grep -A 12 '"preprocessing"' r.json
grep -A 3 '"warnings"' r.json
dbconvert doorbell.onnx --calib photos --effort fast -q -o made --resize stretch
dbconvert doorbell.onnx --calib photos --effort fast -q -o made --preprocess plain
dbconvert doorbell.onnx --calib photos --effort fast -q -o made --mean 0
