# SPDX-License-Identifier: Apache-2.0
dbconvert run packed/blobs.dbp blobs/photos/scene_07.png --draw found.gif
