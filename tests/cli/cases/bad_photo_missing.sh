# SPDX-License-Identifier: Apache-2.0
# A photo that does not exist.
dbconvert run packed/blobs.dbp bad.png -o out
