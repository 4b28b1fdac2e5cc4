# SPDX-License-Identifier: Apache-2.0
dbconvert help run
dbconvert help nonsense
