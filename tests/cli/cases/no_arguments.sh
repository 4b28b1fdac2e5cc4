# SPDX-License-Identifier: Apache-2.0
# Usage on standard error, status 2.
dbconvert
