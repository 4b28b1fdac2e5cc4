# SPDX-License-Identifier: Apache-2.0
# Help of the verb convert.
dbconvert convert --help
