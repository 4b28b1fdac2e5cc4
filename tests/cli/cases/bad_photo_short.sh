# SPDX-License-Identifier: Apache-2.0
# A photo that ends early.
head -c 300 blobs/photos/scene_07.png >bad.png
dbconvert run packed/blobs.dbp bad.png -o out
