"""``python -m student_client``: the same as `lessonlight-student`."""

from student_client.cli import main

if __name__ == "__main__":
    main()
