"""What people try who should not get through. Each test fails when the guard that it names is out.

``pytest tests/attacks --guards-out`` takes each guard out in turn and expects its tests to fail.
"""
