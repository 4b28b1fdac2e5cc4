# SPDX-License-Identifier: Apache-2.0
# What the packed model finds.
dbconvert run packed/blobs.dbp blobs/photos/scene_07.png
