# SPDX-License-Identifier: Apache-2.0
# Labels of a classifier given to a detector.
echo "scene_07.png,1" >labels.csv
dbconvert eval doorbell.onnx --images blobs/photos --labels labels.csv
