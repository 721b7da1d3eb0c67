"""Every test. A folder that shares a site among its files is a package, so that the site ends with the folder."""
