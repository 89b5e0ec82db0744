"""Installs the shared library `lib/ipthreat` and the command `ipthreat`."""

import re
from pathlib import Path

from setuptools import find_packages, setup

ROOT = Path(__file__).parent
VERSION = re.search(r'__version__ = "([^"]+)"', (ROOT / "lib/ipthreat/version.py").read_text(encoding="utf-8"))

EXTRAS = {
    "reports": ["matplotlib>=3.8,<4", "pillow>=10"],
    "notebooks": ["splunk-sdk>=2.1.1,<4", "pandas>=2.0,<4", "matplotlib>=3.8,<4", "tqdm>=4.66,<5"],
    "lab": ["jupyterlab>=4.2,<5", "ipywidgets>=8.1,<9", "papermill>=2.6,<3", "nbclient>=0.10,<1"],
    "spark": ["pyspark>=3.5,<5", "pandas>=2.0,<4", "pyarrow>=14"],
    # The system's keyring for the keys of providers.
    "keyring": ["keyring>=24,<26"],
    # Databases in MaxMind's format that the user has.
    "mmdb": ["maxminddb>=2.6,<4"],
    # What `python -m ipthreat.snapshot.build` reads its sources with; needs Python >= 3.11.
    "build": ["maxminddb==3.2.0", "msgpack==1.2.4", "plevin==0.2.3", "zstandard==0.25.0"],
    # What `make docs` builds the documentation with; needs Python >= 3.11.
    "docs": ["ipykernel>=6.29,<8", "mkdocs-material>=9.5,<10", "nbclient>=0.10,<1", "nbconvert>=7.16,<8"],
    # What the tests need on every Python.
    "test": [
        "hypothesis>=6.100,<7",
        "markdown-it-py>=3.0,<5",
        "maxminddb>=2.6,<4",
        "pandas>=2.0,<4",
        "pytest>=8.3,<10",
        "pytest-xdist>=3.6,<4",
        "tqdm>=4.66,<5",
    ],
    # … and what else `make test` needs on its main Python.
    "dev": [
        "coverage>=7.6,<8",
        "ipykernel>=6.29,<8; python_version >= '3.11'",
        "ipywidgets>=8.1,<9; python_version >= '3.11'",
        "jsonschema>=4.21,<5",
        "mypy>=1.15,<3; python_version >= '3.11'",
        "nbclient>=0.10,<1; python_version >= '3.11'",
        "nbconvert>=7.16,<8; python_version >= '3.11'",
        "papermill>=2.6,<3; python_version >= '3.11'",
        "polars>=1,<3; python_version >= '3.11'",
        "pyarrow>=14; python_version >= '3.11'",
        "pymisp>=2.5,<3; python_version >= '3.11'",
        "pypdf>=5,<7; python_version >= '3.11'",
        "pysigma>=1,<3; python_version >= '3.11'",
        "ruff>=0.12,<1; python_version >= '3.11'",
        "splunk-sdk>=2.1.1,<4; python_version >= '3.11'",
        "stix2-validator>=3.2,<4; python_version >= '3.11'",
        "suricataparser>=1,<2; python_version >= '3.11'",
        "types-requests>=2.32,<3",
    ],
}
EXTRAS["dev"] += EXTRAS["test"] + [f"{pin}; python_version >= '3.11'" for pin in EXTRAS["build"]]

setup(
    name="ipthreat",
    version=VERSION.group(1) if VERSION else "0",
    description="IP threat intelligence for Splunk, notebooks and the command line: explained, dated, corroborated.",
    long_description=(ROOT / "README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    license="Apache-2.0",
    package_dir={"": "lib"},
    packages=find_packages("lib"),
    package_data={
        "ipthreat": ["py.typed"],
        "ipthreat.snapshot": ["data/*"],
        "ipthreat.demo": ["*.log", "*.json", "*.md"],
        "ipthreat.report": ["*.json", "*.css"],
    },
    python_requires=">=3.9",
    install_requires=["requests>=2.31,<3"],
    extras_require=EXTRAS,
    entry_points={"console_scripts": ["ipthreat=ipthreat.cli:main"]},
    zip_safe=False,
    classifiers=[
        "License :: OSI Approved :: Apache Software License",
        "Operating System :: OS Independent",
        "Programming Language :: Python :: 3.9",
        "Programming Language :: Python :: 3.11",
        "Programming Language :: Python :: 3.13",
        "Topic :: Security",
    ],
)
