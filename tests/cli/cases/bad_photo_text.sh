# SPDX-License-Identifier: Apache-2.0
# A text with the name of a photo.
echo "no picture" >bad.png
dbconvert run packed/blobs.dbp bad.png -o out
