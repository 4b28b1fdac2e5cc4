# SPDX-License-Identifier: Apache-2.0
# A photo with the name of a tensor.
head -c 40 blobs/photos/scene_07.png >bad.npy
dbconvert run packed/blobs.dbp bad.npy -o out
