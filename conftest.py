"""What every test of the repository can use: see `common.testing` and `devkit.pytest_plugin`."""

pytest_plugins = ["common.testing"]
